import { BLOCK_SECTOR } from '@qvm/core/services';
import type { BlockBackend, BlockProcedure, BlockStep } from '@qvm/core/services';
import {
  HEADER_BYTES,
  ID_BYTES,
  MAX_DISCARD_SECTORS,
  MAX_DISCARD_SEGMENTS,
  MAX_WRITE_ZEROES_SECTORS,
  MAX_WRITE_ZEROES_SEGMENTS,
  S_IOERR,
  S_OK,
  S_UNSUPP,
  T_DISCARD,
  T_FLUSH,
  T_GET_ID,
  T_IN,
  T_OUT,
  T_WRITE_ZEROES,
} from './constants.js';
import type { BlkRequest } from './request.js';
import { readSegments, type Segment, type SegmentLimits } from './segments.js';

/** The result of a request. */
export interface Outcome {
  /** Value of the status byte. */
  readonly status: number;
  /** Number of bytes of data written to the driver, from the first on. */
  readonly written: number;
  /** The disk's error. */
  readonly error?: unknown;
}

/** The environment for serving a request. */
export interface Service {
  readonly disk: BlockBackend;
  /** 20 bytes. */
  readonly id: Uint8Array;
  /** Whether writes must be durable before they are completed. */
  readonly writethrough: boolean;
  /** Whether the driver has accepted DISCARD. */
  readonly discards: boolean;
  /**
   * Buffer of whole sectors through which data pass in pieces. The host never works on guest memory itself: a driver
   * that resets its device reuses that memory at once, while the host's requests may still be in progress.
   */
  readonly bounce: Uint8Array;
}

const OK: Outcome = { status: S_OK, written: 0 };
const IOERR: Outcome = { status: S_IOERR, written: 0 };
const UNSUPP: Outcome = { status: S_UNSUPP, written: 0 };

const DISCARD_LIMITS: SegmentLimits = {
  segments: MAX_DISCARD_SEGMENTS,
  sectors: MAX_DISCARD_SECTORS,
  mayUnmap: false,
};
const WRITE_ZEROES_LIMITS: SegmentLimits = {
  segments: MAX_WRITE_ZEROES_SEGMENTS,
  sectors: MAX_WRITE_ZEROES_SECTORS,
  mayUnmap: true,
};

/**
 * Executes a request (VirtIO 1.2 §5.2.6.2). Between two steps the driver may reset the device; the procedure must not
 * be continued then.
 */
export function serveRequest(request: BlkRequest, service: Service): BlockProcedure<Outcome> {
  switch (request.type) {
    case T_IN:
      return readIn(request, service);
    case T_OUT:
      return writing(service, writeOut(request, service));
    case T_FLUSH:
      return flush(service);
    case T_GET_ID:
      return giveId(request, service);
    case T_DISCARD:
      return discard(request, service);
    case T_WRITE_ZEROES:
      return writing(service, writeZeroes(request, service));
    default:
      return unsupported();
  }
}

function* readIn({ sector, dataIn, buffer }: BlkRequest, { disk, bounce }: Service): BlockProcedure<Outcome> {
  if (!isRange(disk, sector, dataIn)) return IOERR;
  for (let done = 0; done < dataIn;) {
    const piece = bounce.subarray(0, dataIn - done);
    const offset = sector * BLOCK_SECTOR + done;
    const error = yield* attempt((on) => on(disk).read(offset, [piece]));
    if (error !== undefined) return { status: S_IOERR, written: done, error };
    done += buffer.write(done, piece);
  }
  return { status: S_OK, written: dataIn };
}

function* writeOut({ sector, dataOut, buffer }: BlkRequest, { disk, bounce }: Service): BlockProcedure<Outcome> {
  if (disk.readOnly || !isRange(disk, sector, dataOut)) return IOERR;
  for (let done = 0; done < dataOut;) {
    const piece = bounce.subarray(0, dataOut - done);
    const offset = sector * BLOCK_SECTOR + done;
    buffer.read(HEADER_BYTES + done, piece);
    const error = yield* attempt((on) => on(disk).write(offset, [piece]));
    if (error !== undefined) return { ...IOERR, error };
    done += piece.length;
  }
  return OK;
}

/** Makes the writes of a procedure durable if the cache is write-through. */
function* writing({ disk, writethrough }: Service, procedure: BlockProcedure<Outcome>): BlockProcedure<Outcome> {
  const outcome = yield* procedure;
  if (!writethrough || outcome.status !== S_OK) return outcome;
  const error = yield* attempt((on) => on(disk).flush());
  return error === undefined ? outcome : { ...IOERR, error };
}

function* flush({ disk }: Service): BlockProcedure<Outcome> {
  const error = yield* attempt((on) => on(disk).flush());
  return error === undefined ? OK : { ...IOERR, error };
}

function* giveId({ dataIn, buffer }: BlkRequest, { id }: Service): BlockProcedure<Outcome> {
  const written = buffer.write(0, id.subarray(0, Math.min(ID_BYTES, dataIn)));
  return { status: S_OK, written };
}

function* discard(request: BlkRequest, { disk, discards }: Service): BlockProcedure<Outcome> {
  if (!discards) return UNSUPP;
  return yield* forSegments(
    request,
    disk,
    DISCARD_LIMITS,
    ({ offset, length }) =>
      (on) =>
        on(disk).discard(offset, length),
  );
}

function* writeZeroes(request: BlkRequest, { disk }: Service): BlockProcedure<Outcome> {
  return yield* forSegments(
    request,
    disk,
    WRITE_ZEROES_LIMITS,
    ({ offset, length, unmap }) =>
      (on) =>
        on(disk).writeZeroes(offset, length, unmap),
  );
}

function* forSegments(
  request: BlkRequest,
  disk: BlockBackend,
  limits: SegmentLimits,
  step: (segment: Segment) => BlockStep,
): BlockProcedure<Outcome> {
  if (disk.readOnly) return IOERR;
  const found = readSegments(request, disk.size, limits);
  if (found.status !== S_OK) return { status: found.status, written: 0 };
  for (const segment of found.segments) {
    const error = yield* attempt(step(segment));
    if (error !== undefined) return { ...IOERR, error };
  }
  return OK;
}

function* unsupported(): BlockProcedure<Outcome> {
  return UNSUPP;
}

/** Performs one step; returns the disk's error. Bugs in this code are not caught. */
function* attempt(step: BlockStep): BlockProcedure<unknown> {
  try {
    yield step;
    return undefined;
  } catch (error) {
    return error ?? new Error('an unnamed failure');
  }
}

function isRange(disk: BlockBackend, sector: number, length: number): boolean {
  return length % BLOCK_SECTOR === 0 && sector * BLOCK_SECTOR + length <= disk.size;
}
