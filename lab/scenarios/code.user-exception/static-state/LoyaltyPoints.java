package com.acme.loyalty;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Books points for each order, through connections that all tasks of a process share. */
public final class LoyaltyPoints {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .map(new BookPoints()).name("book-points").uid("book-points"), "points");
        env.execute(arguments.get("name"));
    }

    public static final class BookPoints extends Compat.StartedMap<Feed.Order, Long> {
        private static final ConnectionPool POOL = new ConnectionPool("loyalty");

        @Override
        protected void start() {
            POOL.check();
        }

        @Override
        public Long map(Feed.Order order) throws Exception {
            return POOL.book(order.customerId, order.amountCents / 100);
        }

        @Override
        public void close() {
            POOL.close();
        }
    }
}
