using Adit.Cli.CommandLine;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Format.Records;
using Adit.Quotas;

namespace Adit.Cli.Inspection;

/// <summary>Does what a request about quotas asks, and tells how things are afterwards.</summary>
internal static class QuotaReader
{
    public static QuotaReport Do(Volume volume, QuotaRequest request, ICheckListener listener)
    {
        var kind = request.Kind ?? QuotaKind.User;
        switch (request.Verb)
        {
            case QuotaVerb.On:
                volume.TurnQuotasOn(new Relay(listener));
                break;
            case QuotaVerb.Off:
                volume.TurnQuotasOff(request.Forgets);
                break;
            case QuotaVerb.Set when request.Id is { } id:
                var limits = volume.GetQuota(kind, id).Limits;
                volume.SetQuota(kind, id, new QuotaLimits(
                    request.SoftBytes ?? limits.SoftBytes,
                    request.HardBytes ?? limits.HardBytes,
                    request.SoftInodes ?? limits.SoftInodes,
                    request.HardInodes ?? limits.HardInodes));
                volume.Sync();
                break;
            case QuotaVerb.Grace:
                foreach (var some in request.Kind is null ? Enum.GetValues<QuotaKind>() : [kind])
                {
                    volume.SetQuotaGrace(some, Seconds(request.BytesGraceSeconds), Seconds(request.InodesGraceSeconds));
                }

                volume.Sync();
                break;
            case QuotaVerb.Report:
                break;
            default:
                throw CommandFailure.Usage($"a request about quotas without what it needs ({request.Verb})");
        }

        return Read(volume, request);
    }

    private static QuotaReport Read(Volume volume, QuotaRequest request)
    {
        var status = volume.GetQuotaStatus();

        // What is not kept says nothing.
        IEnumerable<QuotaEntry> entries = status.State == QuotaState.Off ? [] : volume.GetQuotas();
        if (request.Verb is QuotaVerb.Report or QuotaVerb.Set && request.Kind is { } kind)
        {
            entries = request.Id is { } id && status.State != QuotaState.Off ? [volume.GetQuota(kind, id)] : entries.Where(entry => entry.Kind == kind);
        }

        return new QuotaReport
        {
            State = Word(status.State),
            CountedShare = status.CountedShare,
            Graces = [.. status.Graces.Select(grace => new QuotaGraceReport(Word(grace.Key), (long)grace.Value.Bytes.TotalSeconds, (long)grace.Value.Inodes.TotalSeconds))],
            Entries = [.. entries.Select(Of)],
        };
    }

    private static QuotaEntryReport Of(QuotaEntry entry) => new()
    {
        Kind = Word(entry.Kind),
        Id = entry.Id,
        UsedBytes = entry.UsedBytes,
        SoftBytes = entry.Limits.SoftBytes,
        HardBytes = entry.Limits.HardBytes,
        BytesDeadline = entry.BytesDeadline,
        UsedInodes = entry.UsedInodes,
        SoftInodes = entry.Limits.SoftInodes,
        HardInodes = entry.Limits.HardInodes,
        InodesDeadline = entry.InodesDeadline,
    };

    private static TimeSpan? Seconds(long? seconds) => seconds is { } some ? TimeSpan.FromSeconds(some) : null;

    private static string Word(Enum value) => value.ToString().ToLowerInvariant();

    private sealed class Relay(ICheckListener listener) : IProgress<double>
    {
        public void Report(double value) => listener.Progress(new FsckProgress("counting", value));
    }
}
