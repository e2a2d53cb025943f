package com.acme.bonus;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** The second release of the totals per customer: customers have a text as their id. */
public final class BonusPoints {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        String prefix = arguments.get("prefix");
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> String.format("%s-%06d", prefix, order.customerId), Types.STRING)
            .process(new AddUp()).name("add-up").uid("add-up")
            .keyBy(total -> total % 16)
            .map(total -> total).returns(Long.class).name("round").uid("round"), "bonus");
        env.execute(arguments.get("name"));
    }

    public static final class AddUp extends Compat.StartedProcess<String, Feed.Order, Long> {
        private transient ValueState<Long> total;

        @Override
        protected void start() {
            total = getRuntimeContext().getState(new ValueStateDescriptor<>("total", Long.class));
        }

        @Override
        public void processElement(Feed.Order order, Context context, Collector<Long> out) throws Exception {
            Long before = total.value();
            total.update((before == null ? 0 : before) + order.amountCents);
            out.collect(order.amountCents);
        }
    }
}
