namespace Adit.Fuse.Tests.Mounts;

/// <summary>A test that mounts; reported as skipped, with the reason, where mounting is not possible or a program is missing.</summary>
public sealed class MountFactAttribute : FactAttribute
{
    /// <param name="needs">Programs on the PATH.</param>
    public MountFactAttribute(params string[] needs) => Skip = Requirements.MissingMount ?? Requirements.MissingTool(needs);
}
