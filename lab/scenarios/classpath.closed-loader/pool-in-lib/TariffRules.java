package com.acme.tariff;

import com.acme.platform.Workers;
import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Prices orders by rules that are loaded by name, in a thread of the platform's pool. */
public final class TariffRules {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .map(new ApplyTariff()).name("apply-tariff").uid("apply-tariff"), "priced-orders");
        env.execute(arguments.get("name"));
    }

    public static final class WinterTariff implements LongUnaryOperator {
        @Override
        public long applyAsLong(long cents) {
            return cents * 9 / 10;
        }
    }

    public static final class ApplyTariff extends Compat.StartedMap<Feed.Order, Long> {
        private static final Logger LOG = LoggerFactory.getLogger(ApplyTariff.class);
        private transient LongUnaryOperator tariff;

        @Override
        protected void start() throws Exception {
            tariff = (LongUnaryOperator) Workers.load("com.acme.tariff.TariffRules$WinterTariff").getDeclaredConstructor().newInstance();
            LOG.info("Rules of the tariff are loaded.");
        }

        @Override
        public Long map(Feed.Order order) {
            return tariff.applyAsLong(order.amountCents);
        }
    }
}
