// A value that changes with each key, as it was when typing last rested. In: the value, and how long a rest is, in
// milliseconds. Out: the value of the last rest.
import { useEffect, useState } from 'react';

export function usePause<Value>(value: Value, restMs: number): Value {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs);
    return () => clearTimeout(timer);
  }, [value, restMs]);
  return rested;
}
