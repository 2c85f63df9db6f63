namespace Adit.Tests.Limits;

/// <summary>A test that mounts something for itself, which only root may; skipped aloud for others.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Skip = "needs root: it mounts a small tmpfs";
        }
    }
}
