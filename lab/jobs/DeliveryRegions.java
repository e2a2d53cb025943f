package com.acme.shop;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Looks up the delivery region by RegionIndex, a class of a library that its jar should bring along. */
public final class DeliveryRegions {

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new AddRegion()).name("add-region").uid("add-region"), "regions");
        env.execute(Feed.arguments(args).getOrDefault("name", "delivery-regions"));
    }

    public static final class AddRegion implements MapFunction<Feed.Order, String> {
        @Override
        public String map(Feed.Order order) {
            return com.acme.geo.RegionIndex.regionOf(order.customerId);
        }
    }
}
