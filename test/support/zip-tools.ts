import { spawnSync } from 'node:child_process';

/** What a tool of this machine says of a zip, or undefined where it is not installed. */
export function runZipTool(command: string, ...args: readonly string[]) {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return error === undefined ? { status, stdout, stderr } : undefined;
}

/** A Python program that prints each member of the zip in argv[1] as a line of JSON, having read and checked it. */
export const LIST_WITH_PYTHON = `
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    for i in z.infolist():
        print(json.dumps([i.filename, i.external_attr >> 16, i.file_size, hashlib.sha256(z.read(i)).hexdigest()]))
`;
