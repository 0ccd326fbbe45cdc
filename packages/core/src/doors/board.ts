/**
 * For authors of boards, and for programs that ask a board where vdevs are. The token is `BOARD` of `@qvm/core`.
 *
 * @module
 */

export type {
  Board,
  BoardClock,
  BoardDeviceTree,
  BoardHole,
  BoardPlace,
  BoardRam,
  BoardReservation,
  BoardRow,
  BoardWindow,
} from '../board/board.js';
export { ramPieces, type RamPiece } from '../board/ram-layout.js';
export { machineOf, placesFor, type ResolvedPlace } from '../board/places.js';
