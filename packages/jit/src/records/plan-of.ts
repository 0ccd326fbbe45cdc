import { DenseRecords } from './dense-records.js';
import { FixedRecords } from './fixed-records.js';
import { hasFixedLength } from './instruction-geometry.js';
import type { InstructionGeometry } from './instruction-geometry.js';
import type { RecordPlan } from './record-plan.js';

/**
 * The record plan for an architecture's instructions.
 *
 * @throws RangeError when no plan supports them.
 * @experimental
 */
export function recordPlanOf(geometry: InstructionGeometry): RecordPlan {
  return hasFixedLength(geometry) ? new FixedRecords(geometry) : new DenseRecords(geometry);
}
