namespace Adit.Fuse.Tests.Mounts;

/// <summary>A test that needs a program or file of the machine; reported as skipped, with the reason, where it is missing.</summary>
public sealed class NeedsToolFactAttribute : FactAttribute
{
    /// <param name="needs">Programs on the PATH, or absolute paths.</param>
    public NeedsToolFactAttribute(params string[] needs) => Skip = Requirements.MissingTool(needs);
}
