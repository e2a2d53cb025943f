package com.acme.dedup;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Marks the orders of a customer that were seen before. */
public final class DuplicateFilter {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second"))).rebalance()
            .map(new MarkSeen()).name("mark-seen").uid("mark-seen"), "marked");
        env.execute(arguments.get("name"));
    }

    public static final class MarkSeen extends Compat.StartedMap<Feed.Order, Boolean> {
        private transient ValueState<Boolean> seen;

        @Override
        protected void start() {
            seen = getRuntimeContext().getState(new ValueStateDescriptor<>("seen", Boolean.class));
        }

        @Override
        public Boolean map(Feed.Order order) throws Exception {
            boolean before = seen.value() != null;
            seen.update(true);
            return before;
        }
    }
}
