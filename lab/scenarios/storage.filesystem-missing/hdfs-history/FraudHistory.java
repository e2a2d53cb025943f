package com.acme.fraud;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Marks the orders of customers on a list, which is read from a file when the function starts. */
public final class FraudHistory {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new KnownFraud(arguments.get("file"))).name("known-fraud").uid("known-fraud"), "marked-orders");
        env.execute(arguments.get("name"));
    }

    public static final class KnownFraud extends Compat.StartedMap<Feed.Order, String> {
        private final String file;
        private transient Set<String> customers;

        KnownFraud(String file) {
            this.file = file;
        }

        @Override
        protected void start() throws Exception {
            customers = new HashSet<>();
            Path path = new Path(file);
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(path.getFileSystem().open(path), StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    customers.add(line);
                }
            }
        }

        @Override
        public String map(Feed.Order order) {
            return order.orderId + (customers.contains(String.valueOf(order.customerId)) ? ",fraud" : ",fine");
        }
    }
}
