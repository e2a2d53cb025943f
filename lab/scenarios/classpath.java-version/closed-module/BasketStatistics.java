package com.acme.stats;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.LongSummaryStatistics;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Statistics of what baskets cost, merged per customer. */
public final class BasketStatistics {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .map(new ToStatistics()).name("to-statistics").uid("to-statistics")
            .keyBy(statistics -> statistics.getMax() % 16)
            .map(LongSummaryStatistics::getAverage).returns(Double.class).name("average").uid("average"), "averages");
        env.execute(arguments.get("name"));
    }

    public static final class ToStatistics implements MapFunction<Feed.Order, LongSummaryStatistics> {
        @Override
        public LongSummaryStatistics map(Feed.Order order) {
            LongSummaryStatistics statistics = new LongSummaryStatistics();
            statistics.accept(order.amountCents);
            return statistics;
        }
    }
}
