namespace Adit.TestKit.Rings;

/// <summary>Numbers of linux/io_uring.h.</summary>
internal static class RingNumbers
{
    public const long SetupCall = 425;
    public const long EnterCall = 426;
    public const long RegisterCall = 427;

    public const long SubmissionRing = 0;
    public const long CompletionRing = 0x8000000;
    public const long SubmissionEntries = 0x10000000;

    public const uint WaitForCompletions = 1;
    public const uint RegisterBuffers = 0;
}
