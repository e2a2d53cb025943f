package com.acme.licences;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes a lock around a library's native session. A thread of the library holds it and never gives it back. */
public final class LicenceCheck {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new CheckLicence(Long.parseLong(arguments.get("after")))).name("check-licence").uid("check-licence"), "checked");
        env.execute(arguments.get("name"));
    }

    static final class NativeSession {
        private final ReentrantLock lock = new ReentrantLock();

        void renew() throws InterruptedException {
            Thread renewer = new Thread(lock::lock, "licence-renewer");
            renewer.setDaemon(true);
            renewer.start();
            renewer.join();
        }

        boolean isValid(long customerId) {
            lock.lock(); // waits without listening to interrupts
            try {
                return customerId >= 0;
            } finally {
                lock.unlock();
            }
        }
    }

    public static final class CheckLicence extends Compat.StartedMap<Feed.Order, Boolean> {
        private static final Logger LOG = LoggerFactory.getLogger(CheckLicence.class);
        private final long after;
        private transient NativeSession session;

        CheckLicence(long after) {
            this.after = after;
        }

        @Override
        protected void start() {
            session = new NativeSession();
        }

        @Override
        public Boolean map(Feed.Order order) throws Exception {
            if (order.orderId == after) {
                LOG.info("The licence is renewed.");
                session.renew();
            }
            return session.isValid(order.customerId);
        }
    }
}
