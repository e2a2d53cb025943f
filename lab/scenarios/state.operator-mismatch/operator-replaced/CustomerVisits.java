package com.acme.loyalty;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** The second release of the job: visits per customer instead of amounts. */
public final class CustomerVisits {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .process(new CountVisits()).name("count-visits").uid(arguments.get("uid")), "visits");
        env.execute(arguments.get("name"));
    }

    public static final class CountVisits extends Compat.StartedProcess<Long, Feed.Order, Long> {
        private transient ValueState<Long> visits;

        @Override
        protected void start() {
            visits = getRuntimeContext().getState(new ValueStateDescriptor<>("visits", Long.class));
        }

        @Override
        public void processElement(Feed.Order order, Context context, Collector<Long> out) throws Exception {
            Long before = visits.value();
            visits.update(before == null ? 1 : before + 1);
            out.collect(order.customerId);
        }
    }
}
