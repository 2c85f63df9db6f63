namespace Adit.Fuse.Tests.Mounts;

/// <summary>As <see cref="MountFactAttribute"/>, for a test with arguments.</summary>
public sealed class MountTheoryAttribute : TheoryAttribute
{
    /// <param name="needs">Programs on the PATH, or absolute paths.</param>
    public MountTheoryAttribute(params string[] needs) => Skip = Requirements.MissingMount ?? Requirements.MissingTool(needs);
}
