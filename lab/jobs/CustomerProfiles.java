package com.acme.shop;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Keeps a profile of every order it ever saw in a map on the heap, which grows until the heap is full; in the first subtask only, if wanted. */
public final class CustomerProfiles {

    public static void main(String[] args) throws Exception {
        boolean oneSubtask = Boolean.parseBoolean(Feed.arguments(args).getOrDefault("one-subtask", "false"));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 400)
            .keyBy(order -> order.customerId)
            .map(new UpdateProfile(oneSubtask)).name("update-profile").uid("update-profile"), "profiles");
        env.execute(Feed.arguments(args).getOrDefault("name", "customer-profiles"));
    }

    public static final class UpdateProfile extends RichMapFunction<Feed.Order, Integer> {
        private final Map<Long, byte[]> profiles = new HashMap<>();
        private final boolean oneSubtask;

        UpdateProfile(boolean oneSubtask) {
            this.oneSubtask = oneSubtask;
        }

        @Override
        public Integer map(Feed.Order order) {
            if (oneSubtask && Compat.subtask(getRuntimeContext()) > 0) {
                return 0;
            }
            profiles.put(order.orderId, new byte[64 * 1024]);
            return profiles.size();
        }
    }
}
