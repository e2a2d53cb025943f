package com.acme.revenue;

import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.time.Time;

/** What is written otherwise for Flink before 1.20. */
final class Windows {

    private Windows() {}

    static TumblingEventTimeWindows seconds(long seconds) {
        return TumblingEventTimeWindows.of(Time.seconds(seconds));
    }
}
