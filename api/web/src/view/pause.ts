// Delays a value that changes with each key until typing pauses. Takes the value and the length of a pause, in
// milliseconds; returns the value at the last pause.
import { useEffect, useState } from 'react';

export function usePause<Value>(value: Value, restMs: number): Value {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs);
    return () => clearTimeout(timer);
  }, [value, restMs]);
  return rested;
}
