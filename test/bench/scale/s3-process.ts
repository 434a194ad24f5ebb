import { openTestS3 } from '../../support/s3/s3-server.ts';

/*
 * An S3 store as a process of its own, so that it does not take the time of whoever measures. It prints what others need
 * in their environment, as a line of JSON.
 */
const { variables } = await openTestS3({ after: () => undefined });
console.log(JSON.stringify(variables));
