package com.acme.finance;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A bounded job in batch mode: its keyed sum sorts all invoices by account first. */
public final class RevenueReport {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(env.fromSequence(1, Long.parseLong(arguments.get("invoices"))).name("invoices")
            .keyBy(number -> number % 500)
            .reduce((left, right) -> left + right).name("sum-per-account"), "revenue");
        env.execute(arguments.get("name"));
    }
}
