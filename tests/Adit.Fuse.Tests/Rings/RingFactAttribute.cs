using Adit.Fuse.Session.Rings;
using Adit.Fuse.Tests.Mounts;

namespace Adit.Fuse.Tests.Rings;

/// <summary>A test that mounts over io_uring; reported as skipped, with the reason, where the kernel has no such thing.</summary>
public sealed class RingFactAttribute : FactAttribute
{
    private static readonly string? s_missing = FindMissing();

    /// <param name="needs">Programs on the PATH.</param>
    public RingFactAttribute(params string[] needs) => Skip = Requirements.MissingMount ?? s_missing ?? Requirements.MissingTool(needs);

    private static string? FindMissing()
    {
        if (!File.Exists(RingSupport.SwitchPath))
        {
            return RingSupport.WhyNotOffered;
        }

        try
        {
            using FileStream file = File.OpenWrite(RingSupport.SwitchPath);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{RingSupport.SwitchPath} cannot be set here: {exception.Message}";
        }
    }
}
