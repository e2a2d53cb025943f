package com.acme.rates;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Converts amounts by the rates of a service. */
public final class CurrencyConversion {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        RateService rates = new RateService(arguments.get("to"));
        Compat.discard(Feed.orders(env, 20).map(new Convert(rates)).name("convert").uid("convert"), "converted");
        env.execute(arguments.get("name"));
    }

    static final class RateService {
        private final HttpClient client = HttpClient.newHttpClient();
        private final String currency;

        RateService(String currency) {
            this.currency = currency;
        }

        double rate() throws Exception {
            HttpRequest request = HttpRequest.newBuilder(URI.create("https://rates.example.com/" + currency)).build();
            return Double.parseDouble(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
        }
    }

    public static final class Convert implements MapFunction<Feed.Order, Double> {
        private final RateService rates;

        Convert(RateService rates) {
            this.rates = rates;
        }

        @Override
        public Double map(Feed.Order order) throws Exception {
            return order.amountCents * rates.rate();
        }
    }
}
