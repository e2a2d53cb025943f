package com.acme.revenue;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** The second release of the totals per customer: the same state in euros. */
public final class RevenueByCustomer {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .process(new AddUp(Double.parseDouble(arguments.get("cents")))).name("add-up").uid("add-up")
            .keyBy(total -> total % 16)
            .map(total -> total).returns(Long.class).name("round").uid("round"), "revenue");
        env.execute(arguments.get("name"));
    }

    public static final class AddUp extends Compat.StartedProcess<Long, Feed.Order, Long> {
        private final double cents;
        private transient ValueState<Double> total;

        AddUp(double cents) {
            this.cents = cents;
        }

        @Override
        protected void start() {
            total = getRuntimeContext().getState(new ValueStateDescriptor<>("total", Double.class));
        }

        @Override
        public void processElement(Feed.Order order, Context context, Collector<Long> out) throws Exception {
            Double before = total.value();
            total.update((before == null ? 0.0 : before) + order.amountCents / cents);
            out.collect(order.amountCents);
        }
    }
}
