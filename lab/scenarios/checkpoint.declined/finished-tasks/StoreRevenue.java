package com.acme.stores;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.CoMapFunction;

/** Connects the endless orders with the list of stores, a source that ends. */
public final class StoreRevenue {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        DataStream<Long> stores = env.fromSequence(1, Long.parseLong(arguments.get("stores"))).name("stores").uid("stores");
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .connect(stores.rebalance())
            .map(new AddStore()).name("add-store").uid("add-store"), "revenue");
        env.execute(arguments.get("name"));
    }

    public static final class AddStore implements CoMapFunction<Feed.Order, Long, String> {
        private long stores;

        @Override
        public String map1(Feed.Order order) {
            return order.orderId + "," + (stores == 0 ? 0 : order.customerId % stores) + "," + order.amountCents;
        }

        @Override
        public String map2(Long store) {
            stores = Math.max(stores, store);
            return "store," + store;
        }
    }
}
