// Delays a value that changes with each key until typing pauses. Takes the value and the length of a pause, in
// milliseconds; returns the value at the last pause.
import { useEffect, useState } from 'react';

export function usePause<Value>(value: Value, pauseMs: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return settled;
}
