package com.acme.monitoring;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Hands alerts to a thread of its own, which has no answer to an alert without a receiver. */
public final class SessionAlerts {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new SendAlert(Long.parseLong(arguments.get("after")))).name("send-alert").uid("send-alert"), "alerts");
        env.execute(arguments.get("name"));
    }

    public static final class SendAlert extends Compat.StartedMap<Feed.Order, Long> {
        private final long after;
        private transient LinkedBlockingQueue<Feed.Order> waiting;

        SendAlert(long after) {
            this.after = after;
        }

        @Override
        protected void start() {
            waiting = new LinkedBlockingQueue<>();
            Thread sender = new Thread(this::sendAll, "alert-sender");
            sender.setDaemon(true);
            sender.start();
        }

        @Override
        public Long map(Feed.Order order) {
            waiting.add(order);
            return order.orderId;
        }

        private void sendAll() {
            try {
                while (true) {
                    Feed.Order order = waiting.take();
                    if (order.orderId >= after) {
                        throw new IllegalStateException("No receiver for alert " + order.orderId);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
