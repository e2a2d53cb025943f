package com.acme.loyalty;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Keeps every order's history page in a map of its own on the heap, which grows until the heap is full. */
public final class OrderHistory {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 40)
            .keyBy(order -> order.customerId)
            .map(new UpdateHistory(Integer.parseInt(arguments.get("megabytes")))).name("update-history").uid("update-history"), "histories");
        env.execute(arguments.get("name"));
    }

    public static final class UpdateHistory implements MapFunction<Feed.Order, Integer> {
        private final Map<Long, long[]> pages = new HashMap<>();
        private final int megabytes;

        UpdateHistory(int megabytes) {
            this.megabytes = megabytes;
        }

        @Override
        public Integer map(Feed.Order order) {
            pages.put(order.orderId, new long[megabytes * 128 * 1024]);
            return pages.size();
        }
    }
}
