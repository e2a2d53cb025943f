package com.acme.billing;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A bounded job in batch mode: what one stage hands to the next lies in files of the TaskManager in between. */
public final class MonthEnd {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(env.fromSequence(1, Long.parseLong(arguments.get("invoices"))).name("invoices")
            .keyBy(number -> number % 97)
            .map(number -> number * 2).returns(Long.class).name("close-account"), "accounts");
        env.execute(arguments.get("name"));
    }
}
