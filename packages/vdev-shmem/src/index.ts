export type {
  SharedMemoryAnswers,
  SharedMemoryCall,
  SharedMemoryChannel,
  SharedMemoryEvent,
  SharedMemoryNote,
  SharedMemoryReply,
} from './channel/messages.js';
export { RemoteSharedMemory } from './channel/remote-shared-memory.js';
export { SharedMemoryServer } from './channel/shared-memory-server.js';
export { MEMORY_POOL, sharedMemoryPlugin } from './plugin.js';
export { LocalSharedMemory } from './registry/local-shared-memory.js';
export type { SharedMemoryLimits } from './registry/local-shared-memory.js';
export { shmem } from './shmem/shmem.js';
