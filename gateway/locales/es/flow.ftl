# Cuando escribe más gente de la que se puede atender.
too-busy = Hay muchísima gente aquí ahora mismo. No se ha perdido nada de lo que habías confirmado; inténtalo de nuevo dentro de un minuto.
toast-too-busy = Hay muchísima gente aquí ahora mismo. Inténtalo de nuevo dentro de un minuto.
