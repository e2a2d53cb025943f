package com.acme.tax;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.io.BufferedReader;
import java.io.FileReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Adds the rate of tax to each order, from a file that is read when the function starts. */
public final class TaxRates {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new AddTax(arguments.get("file"))).name("add-tax").uid("add-tax"), "taxed-orders");
        env.execute(arguments.get("name"));
    }

    public static final class AddTax extends Compat.StartedMap<Feed.Order, String> {
        private final String file;
        private transient Map<String, String> rates;

        AddTax(String file) {
            this.file = file;
        }

        @Override
        protected void start() throws Exception {
            rates = new HashMap<>();
            try (BufferedReader reader = new BufferedReader(new FileReader(file, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    rates.put(line.split(",")[0], line.split(",")[1]);
                }
            }
        }

        @Override
        public String map(Feed.Order order) {
            return order.orderId + "," + rates.getOrDefault(String.valueOf(order.customerId % 3), "0.19");
        }
    }
}
