package com.acme.shop;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Counts orders along many dimensions at once: each dimension is a shuffle of its own from every source to every counter. */
public final class OrderDimensions {

    public static void main(String[] args) throws Exception {
        int dimensions = Integer.parseInt(Feed.arguments(args).getOrDefault("dimensions", "8"));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        DataStream<Feed.Order> orders = Feed.orders(env, 50);
        DataStream<Feed.Order> all = orders.keyBy(new ByDimension(0));
        for (int dimension = 1; dimension < dimensions; dimension++) {
            all = all.union(orders.keyBy(new ByDimension(dimension)));
        }
        Compat.discard(all.map(new Count()).name("count-per-dimension").uid("count-per-dimension"), "counts");
        env.execute(Feed.arguments(args).getOrDefault("name", "order-dimensions"));
    }

    public static final class ByDimension implements KeySelector<Feed.Order, Long> {
        private final int dimension;

        ByDimension(int dimension) {
            this.dimension = dimension;
        }

        @Override
        public Long getKey(Feed.Order order) {
            return order.orderId / (dimension + 1) % 100;
        }
    }

    public static final class Count implements MapFunction<Feed.Order, Long> {
        private long count;

        @Override
        public Long map(Feed.Order order) {
            return ++count;
        }
    }
}
