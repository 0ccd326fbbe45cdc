/**
 * How x86_64 guests start. A machine calls {@link bootGuest}, which loads a guest with {@link loadGuest} and puts the
 * result into its first vCPU with {@link applyInitialState}; {@link planGuest} tells what would be loaded where, without
 * writing.
 *
 * @module
 */

export { applyInitialState } from './apply-state.js';
export { bootGuest } from './boot-guest.js';
export { planGuest } from './boot-plan.js';
export type { BootPlan, LoadedSegment } from './boot-contents.js';
export { ENTRIES } from './entries.js';
export type { EntryProtocol } from './entries.js';
export { isX86Image, readImage } from './image.js';
export type { ImageOptions } from './image.js';
export type { X86Image } from './x86-image.js';
export { BootSelector, longState, protectedState, RESET_STATE } from './initial-state.js';
export type { InitialSegment, InitialState } from './initial-state.js';
export { loadGuest } from './load-guest.js';
export { MemoryType } from './memory-map.js';
export type { MemoryMapEntry } from './memory-map.js';
