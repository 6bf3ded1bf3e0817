# Grupos en los que se reúnen los jugadores de una sala.

arena-title = ROOMS #{ $number } – { $short }
arena-title-free = ROOMS arena – libre
arena-players-only =
    Ese grupo es para los jugadores de la sala #{ $number }. Apuesta en la sala y abre otra vez el enlace de su grupo.
arena-over = La sala de ese grupo ha terminado y ya no entra nadie más.
button-arena = Grupo de los jugadores
