// Takes archives of rotated files: one gzip archive at a time is unpacked in the background, and its tail then reads
// the unpacked bytes like any other file. Archives that were read before, old ones, and other forms are left out.
import { closeSync } from 'node:fs';
import { unpackArchive, type ArchiveForm } from '../discovery/archive.js';
import { closeReading } from './read.js';
import { idOf, type Tail } from './tail.js';
import type { Tails, TailsParts } from './tails.js';

export interface ArchivesParts extends TailsParts {
  readonly tails: Tails;
  readonly isFirstStart: boolean;
  /** Keys of the generations that were remembered at the start and have not been met since. */
  readonly unmet: ReadonlySet<string>;
}

/** Wait, in milliseconds, until an archive is tried again that the agent's own disk did not let it unpack. */
const UNPACK_AGAIN_MS = 2000;
/** Tolerance for file times, in milliseconds, because some archives keep them in coarser steps. */
const LATER_MS = 1000;

export class Archives {
  readonly #parts: ArchivesParts;
  /** Archive that is being unpacked. */
  #unpacking: Promise<void> | undefined;

  constructor(parts: ArchivesParts) {
    this.#parts = parts;
  }

  /** Waits for an archive that is being unpacked. */
  async finish(): Promise<void> {
    await this.#unpacking;
  }

  /** Unpacks an archive, now or when it is asked again. Returns false if the archive is left out. */
  take(tail: Tail, form: ArchiveForm, isFirstScan: boolean): boolean {
    const { file, reading } = tail;
    if (form !== 'gzip' && isFirstScan && this.#mayHoldUnread(tail)) this.#reportUnread(file.path, form);
    if (form !== 'gzip' || this.#isRead(tail, isFirstScan)) return false;
    const isTried = file.archiveTriedSize === reading.size && this.#parts.now() < file.archiveAgainAt;
    if (this.#unpacking !== undefined || isTried) return true;
    file.archiveTriedSize = reading.size;
    file.archiveAgainAt = Number.POSITIVE_INFINITY;
    this.#unpacking = this.#unpack(tail, reading.size).finally(() => {
      this.#unpacking = undefined;
    });
    return true;
  }

  /** True if the archive was read before, or is an old one from the time before the first start. */
  #isRead({ file, reading }: Tail, isFirstScan: boolean): boolean {
    const { known, now, settings, isFirstStart } = this.#parts;
    const isOld = now() - reading.mtimeMs > settings.startFromEndAfterMs;
    const states = known.findByInode(file.inode);
    const isRead = states.some(({ archive }) => archive?.isRead === true && archive.size === reading.size);
    return isRead || (isOld && isFirstStart && isFirstScan);
  }

  /**
   * True if a file of this family was read before and is gone, and the archive was written after it was last seen. A
   * running agent reads a file to its end before a rotation packs it. If a file was packed while the agent was away,
   * nobody knows what it held after the last line that was read.
   */
  #mayHoldUnread({ file, reading }: Tail): boolean {
    const { known, unmet, tails } = this.#parts;
    return known
      .findFamily(file.path)
      .filter(({ key, archive }) => archive === undefined && unmet.has(key))
      .some((state) => reading.mtimeMs > state.mtimeMs + LATER_MS && !tails.isPresent(state));
  }

  #reportUnread(path: string, form: ArchiveForm): void {
    const { board, log } = this.#parts;
    if (board.raise('JT_ARCHIVE_UNREAD', { path, form }, path))
      log.warn({ path, form }, 'A rotation was packed while the agent was away, in a form that it does not read.');
  }

  async #unpack({ file, reading }: Tail, size: number): Promise<void> {
    const { settings, now, board, log, tails } = this.#parts;
    const { path } = file;
    const result = await unpackArchive(path, settings.dataDir);
    if (result.kind === 'incomplete') return;
    if (result.kind === 'failed') {
      const { problem } = result;
      if (result.isOwn) file.archiveAgainAt = now() + UNPACK_AGAIN_MS;
      if (board.raise('JT_ARCHIVE_INVALID', { path, problem }, path))
        log.warn({ path, problem }, 'An archive cannot be unpacked; it is tried again when it changes.');
      return;
    }
    if (tails.findFile(idOf(file))?.file !== file) return closeSync(result.fd); // released meanwhile
    board.clear('JT_ARCHIVE_INVALID', path);
    closeReading(reading);
    reading.fd = result.fd;
    file.archiveSize = size;
    reading.lastGrowth = now();
  }
}
