package com.acme.stats;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Collections;
import java.util.LongSummaryStatistics;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Statistics of what baskets cost, beginning with those of yesterday. */
public final class BasketStatistics {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        LongSummaryStatistics yesterday = new LongSummaryStatistics();
        yesterday.accept(Long.parseLong(arguments.get("cents")));
        Compat.discard(env.fromCollection(Collections.singletonList(yesterday), TypeInformation.of(LongSummaryStatistics.class))
            .map(LongSummaryStatistics::getAverage).returns(Double.class).name("average").uid("average"), "averages");
        env.execute(arguments.get("name"));
    }
}
