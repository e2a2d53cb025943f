package com.acme.terms;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.time.Period;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** How long each customer's subscription runs. */
public final class SubscriptionTerms {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second"))).map(new ToTerm()).name("to-term").uid("to-term").rebalance()
            .map(Period::toTotalMonths).returns(Long.class).name("months").uid("months"), "months");
        env.execute(arguments.get("name"));
    }

    public static final class ToTerm implements MapFunction<Feed.Order, Period> {
        @Override
        public Period map(Feed.Order order) {
            return Period.ofMonths((int) (order.customerId % 24));
        }
    }
}
