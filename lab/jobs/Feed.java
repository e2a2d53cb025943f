package com.acme.shop;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The orders that every job of the lab reads: a numbered, endless feed at a given pace per subtask. */
public final class Feed {

    private Feed() {}

    /** What happens to be on one order; public fields and an empty constructor, so that Flink treats it as a POJO. */
    public static class Order {
        public long orderId;
        public long customerId;
        public long amountCents;

        public Order() {}
    }

    public static DataStream<Order> orders(StreamExecutionEnvironment env, long perSecond) {
        return env.fromSequence(0, Long.MAX_VALUE).uid("orders").name("orders").map(new ToOrder(perSecond)).name("to-order");
    }

    /** Reads "--key value" pairs. */
    public static Map<String, String> arguments(String[] args) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            values.put(args[i].substring(2), args[i + 1]);
        }
        return values;
    }

    private static final class ToOrder implements MapFunction<Long, Order> {
        private final long perSecond;
        private long inThisSlice;

        ToOrder(long perSecond) {
            this.perSecond = perSecond;
        }

        @Override
        public Order map(Long number) throws Exception {
            if (perSecond > 0 && ++inThisSlice >= Math.max(1, perSecond / 20)) {
                inThisSlice = 0;
                Thread.sleep(Math.max(1, 1000 * Math.max(1, perSecond / 20) / perSecond));
            }
            Order order = new Order();
            order.orderId = number;
            order.customerId = number % 1_000;
            order.amountCents = 100 + number % 9_900;
            return order;
        }
    }
}
