package com.acme.shop;

import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A job without a fault: a running total per customer, in keyed state. What fails around it is not its doing. */
public final class CustomerTotals {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(new Configuration());
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.getOrDefault("per-second", "200")))
            .keyBy(order -> order.customerId)
            .process(new AddUp(arguments.getOrDefault("say", ""))).name("add-up").uid("add-up")
            .keyBy(total -> total % 16)
            .map(total -> total).returns(Long.class).name("round").uid("round"), "totals");
        env.execute(arguments.getOrDefault("name", "customer-totals"));
    }

    public static final class AddUp extends Compat.StartedProcess<Long, Feed.Order, Long> {
        private static final Logger LOG = LoggerFactory.getLogger(AddUp.class);
        private final String say;
        private transient ValueState<Long> total;
        private transient long seen;

        AddUp(String say) {
            this.say = say;
        }

        @Override
        protected void start() {
            total = getRuntimeContext().getState(new ValueStateDescriptor<>("total", Long.class));
            LOG.info("Totals are kept per customer.");
        }

        @Override
        public void processElement(Feed.Order order, Context context, Collector<Long> out) throws Exception {
            Long before = total.value();
            total.update((before == null ? 0 : before) + order.amountCents);
            if (!say.isEmpty() && ++seen % 200 == 0) {
                LOG.info("{} added up {} orders.", say, seen);
                System.out.println(say + " printed " + seen);
            }
            out.collect(order.amountCents);
        }
    }
}
