import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testBlobStore } from './blob-store.ts';

testBlobStore('disk blob store', async (context) => openDiskBlobStore(await temporaryFolder(context)));
