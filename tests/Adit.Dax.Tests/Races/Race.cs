using Adit.Dax.Testing;

namespace Adit.Dax.Tests.Races;

/// <summary>What several threads do at the same moment, and what must hold afterwards.</summary>
internal sealed class Race
{
    private readonly List<(DaxPoint? Point, Action<RaceStage> Body)> _roles = [];

    /// <summary>The contested chunk has blocks before the race; otherwise it is a hole.</summary>
    public bool HasBlocks { get; init; } = true;

    public Action<RaceStage> Before { get; init; } = static _ => { };

    public required Action<RaceStage> After { get; init; }

    /// <summary>Adds a thread that goes for a point and waits there for the others; without one it waits at its start.</summary>
    public Race With(DaxPoint? point, Action<RaceStage> body)
    {
        _roles.Add((point, body));
        return this;
    }

    /// <returns>Whether all met at their points.</returns>
    public bool Run(PageShape shape, DaxBrokenVariant broken = DaxBrokenVariant.None)
    {
        PointMeeting meeting = new([.. _roles.Select(role => role.Point)]);
        using RaceStage stage = new(shape, HasBlocks, meeting, broken);
        Before(stage);
        Racer.JoinAll([.. _roles.Select((role, number) => Racer.Start(() =>
        {
            meeting.Join(number);
            role.Body(stage);
            meeting.Leave();
        }))]);

        After(stage);
        stage.CheckSound();
        return meeting.HasMet;
    }
}
