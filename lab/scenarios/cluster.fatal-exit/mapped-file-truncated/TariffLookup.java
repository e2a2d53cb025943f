package com.acme.telecom;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Paths;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads tariffs from a file mapped into memory, which a nightly job replaces in place. */
public final class TariffLookup {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .map(new AddTariff(arguments.get("file"))).name("add-tariff").uid("add-tariff"), "calls");
        env.execute(arguments.get("name"));
    }

    public static final class AddTariff extends Compat.StartedMap<Feed.Order, Long> {
        private static final Logger LOG = LoggerFactory.getLogger(AddTariff.class);
        private final String file;
        private transient MappedByteBuffer tariffs;
        private transient long calls;

        AddTariff(String file) {
            this.file = file;
        }

        @Override
        protected void start() throws Exception {
            try (FileChannel channel = FileChannel.open(Paths.get(file))) {
                tariffs = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            }
            LOG.info("{} bytes of tariffs are mapped.", tariffs.capacity());
        }

        @Override
        public Long map(Feed.Order order) {
            if (++calls == 100) {
                LOG.info("100 calls were rated.");
            }
            int position = (int) (order.customerId * 8 % (tariffs.capacity() - 8));
            return order.amountCents * tariffs.getLong(position);
        }
    }
}
