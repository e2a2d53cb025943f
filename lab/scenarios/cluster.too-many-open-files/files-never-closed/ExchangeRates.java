package com.acme.finance;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.io.FileInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Opens the file of rates for every order and closes none. */
public final class ExchangeRates {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .map(new Convert(arguments.get("file"))).name("convert").uid("convert"), "converted");
        env.execute(arguments.get("name"));
    }

    public static final class Convert extends RichMapFunction<Feed.Order, Long> {
        private final String file;
        private transient List<InputStream> opened;

        Convert(String file) {
            this.file = file;
        }

        @Override
        public Long map(Feed.Order order) throws Exception {
            if (opened == null) {
                opened = new ArrayList<>();
            }
            InputStream rates = new FileInputStream(file);
            opened.add(rates);
            return order.amountCents * rates.read();
        }
    }
}
