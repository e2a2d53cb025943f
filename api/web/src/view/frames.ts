// Shortens a stack trace for a row and for its opened form: names without packages, and consecutive library frames as
// one segment. Pure functions.
import type { CodeOwners } from '../../../../flink/trace/packages.ts';

/** Consecutive frames that are shown or folded together. */
export interface FrameSegment {
  readonly frames: readonly string[];
  readonly isFolded: boolean;
}

/** Largest number of consecutive library frames that are not folded. */
const FEW_FRAMES = 2;

/** Folds library frames. Frames of user code stay visible, and so does the frame that threw the root exception. */
export function foldFrames(frames: readonly string[], isRoot: boolean, code: CodeOwners): readonly FrameSegment[] {
  const segments: { frames: string[]; isFolded: boolean }[] = [];
  frames.forEach((frame, index) => {
    const isFolded = !code.isUser(frame) && !(isRoot && index === 0);
    const last = segments.at(-1);
    if (last?.isFolded === isFolded) last.frames.push(frame);
    else segments.push({ frames: [frame], isFolded });
  });
  return segments.map((segment) => ({ ...segment, isFolded: segment.isFolded && segment.frames.length > FEW_FRAMES }));
}

/** Returns the class name without its package: `com.acme.Reader$Fetcher` → `Reader$Fetcher`. */
export function shortName(type: string): string {
  return type.split('.').at(-1) ?? type;
}

/** Shortens a frame: `com.acme.Reader$Fetcher.read(Reader.java:42)` → `Reader$Fetcher.read:42`. */
export function shortFrame(frame: string): string {
  return frame.replace(/^(?:[\w.]+\/+)?(?:[a-z]\w*\.)+(?=[A-Z])/, '').replace(/\([^()]*?(:\d+)?\)$/, '$1');
}
