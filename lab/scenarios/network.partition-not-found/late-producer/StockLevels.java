package com.acme.stock;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Counts the orders of each article; amounts have a serializer of their own, which knows the currencies. */
public final class StockLevels {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.getConfig().registerTypeWithKryoSerializer(Money.class, new MoneySerializer(Long.parseLong(arguments.getOrDefault("load-ms", "3000"))));
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.getOrDefault("per-second", "200")))
            .keyBy(order -> order.orderId % 500)
            .map(order -> new Money(order.amountCents)).returns(Money.class).name("amount-per-article").uid("amount-per-article"), "stock-levels");
        env.execute(arguments.getOrDefault("name", "stock-levels"));
    }

    public static final class Money {
        private final long cents;

        Money(long cents) {
            this.cents = cents;
        }
    }

    public static final class MoneySerializer extends Serializer<Money> implements Serializable {
        private final long loadMs;

        MoneySerializer(long loadMs) {
            this.loadMs = loadMs;
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            // A task's thread has its name: only where orders come in are amounts made.
            if (Thread.currentThread().getName().startsWith("Source: ")) {
                loadCurrencies();
            }
        }

        private void loadCurrencies() throws IOException {
            try {
                Thread.sleep(loadMs); // what the service of the central bank takes
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void write(Kryo kryo, Output output, Money money) {
            output.writeLong(money.cents);
        }

        @Override
        public Money read(Kryo kryo, Input input, Class<Money> type) {
            return new Money(input.readLong());
        }
    }
}
