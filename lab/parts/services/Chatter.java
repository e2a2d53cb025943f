package com.acme.shop;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A job that speaks: it logs and prints its name at a steady pace, in the task's thread and in one of its own. Written against
 * what Flink 1.13 and 2.3 have in common. With "--rounds N" it ends after N records, otherwise never; with "--end fail" it throws at the last.
 */
public final class Chatter {

    private Chatter() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) arguments.put(args[i].substring(2), args[i + 1]);
        String says = arguments.getOrDefault("say", "nobody");
        long rounds = Long.parseLong(arguments.getOrDefault("rounds", String.valueOf(Long.MAX_VALUE)));
        boolean fails = arguments.getOrDefault("end", "finish").equals("fail");
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        if (rounds == Long.MAX_VALUE) env.enableCheckpointing(1_000);
        env.fromSequence(1, rounds).name("orders").uid("orders")
            .map(new Talk(says, rounds, fails)).name("talk").uid("talk");
        env.execute(says);
    }

    private static final class Talk implements MapFunction<Long, Long> {
        private static final Logger LOG = LoggerFactory.getLogger(Talk.class);
        private final String says;
        private final long rounds;
        private final boolean fails;
        private long seen;

        Talk(String says, long rounds, boolean fails) {
            this.says = says;
            this.rounds = rounds;
            this.fails = fails;
        }

        @Override
        public Long map(Long number) throws Exception {
            seen++;
            if (seen == 1) {
                Thread aside = new Thread(() -> LOG.info("{} speaks aside.", says), "aside-of-" + says);
                aside.start();
                aside.join();
            }
            LOG.info("{} logged {} orders, order {}.", says, seen, number);
            System.out.println(says + " printed " + seen);
            if (seen % 10 == 1) System.err.printf("%s complained %d%n", says, seen);
            if (rounds == Long.MAX_VALUE) Thread.sleep(50);
            if (fails && number >= rounds) throw new IllegalStateException(says + " has had enough");
            return number;
        }
    }
}
