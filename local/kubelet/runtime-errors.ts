/** The command of a container cannot be found; nothing has been started. */
export class ProgramNotFound extends Error {}

/** The container cannot be made as it is declared; nothing of it ran. */
export class CreateFailed extends Error {}

/** The process could not be set up; nothing of the user's program ran. */
export class LaunchFailed extends Error {}

/** An image cannot be had. `reason` is the kubelet's word: `InvalidImageName`, `ErrImagePull`, … */
export class ImageProblem extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}
